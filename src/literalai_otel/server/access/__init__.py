"""Who asks, and what they may do: keys, accounts, sessions, roles."""
