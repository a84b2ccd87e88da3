"""What is known of operations: derivative rules, type rules, facts, effects, and what an array's methods stand for."""
