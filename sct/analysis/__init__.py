"""What can be known of a typed function before it runs: activity, effects, storage, what to record."""
