"""The static website of one commit of the tracking branch."""
