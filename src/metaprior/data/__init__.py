"""Images in: data sets, and worlds whose factors are known."""
