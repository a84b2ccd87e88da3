"""What can be known of a function before it runs: types, activity, liveness, storage."""
