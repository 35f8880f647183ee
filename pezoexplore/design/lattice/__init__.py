"""Design spaces of millions of points: counted, sampled and expanded without being listed."""
