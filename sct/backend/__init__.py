"""From the typed SSA form to something that runs: text, guards, compilation, links to other functions of the same code.

`python` writes the text; what the rest knows of it is `Text`, and `tape` its `variable_names`.
"""
