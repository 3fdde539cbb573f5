"""What a server does by itself, in its own process: retention, and sweeping files that nobody uses."""
