"""The tasks of the Visual Task Adaptation Benchmark, and stand-ins for them: exact splits, no TensorFlow."""
