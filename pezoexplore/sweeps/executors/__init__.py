"""Executors of stages: worker processes here, Dask workers elsewhere."""
