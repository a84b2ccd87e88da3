"""The intermediate representation: abstract values, structured SSA, its printer and its verifier."""
