"""The intermediate representation: abstract values, structured SSA, its printer, parser and verifier.

`manager` keeps what analyses have found of a block with that block.
"""
