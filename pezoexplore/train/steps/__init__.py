"""What a training step does with its numbers beyond the estimate."""
