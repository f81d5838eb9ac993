"""What a run can say about itself without being asked: code, environment, machine, output."""
