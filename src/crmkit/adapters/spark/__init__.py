"""All records at once on a Spark cluster: the kernels of ``adapters.batch`` on many machines (extra ``spark``)."""

from crmkit.adapters.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
