"""metaprior: learn, judge and use visual representations when labels are few."""

__version__ = "0.1.0"
