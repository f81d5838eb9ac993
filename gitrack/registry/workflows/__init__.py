"""What a host runs for the registry: workflows that check and publish, and who owns which model."""
