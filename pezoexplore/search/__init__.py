"""Search of a design space: candidates, samplers, the study on disk."""
