"""A function carried out on abstract values: typed, inlined, unrolled, its containers taken apart."""
