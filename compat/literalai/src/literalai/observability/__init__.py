"""What is logged, under the published path."""
