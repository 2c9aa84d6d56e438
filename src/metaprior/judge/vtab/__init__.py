"""The Visual Task Adaptation Benchmark: any encoder adapted to any task, and what that scores."""
