"""What users call: the transforms, and the derived functions that these give, with the stages and the cache behind them."""
