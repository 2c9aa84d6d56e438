"""The Visual Task Adaptation Benchmark (Zhai et al. 2019): what was published, and its questions as experiments."""
