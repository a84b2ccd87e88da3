"""From the typed SSA form to something that runs: text, guards, compilation, links to other functions of the same code."""
