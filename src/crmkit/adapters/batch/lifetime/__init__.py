"""Lifetime value over columns: millions of customers are counted, fitted and forecast at once.

>>> from crmkit.rules.lifetime import BgNbd
>>> customers = Customers.of([2, 0, 2], recency=[213, 0, 213], age=[272, 272, 272])
>>> cdnow = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
>>> expected(cdnow, customers, days=273).round(3).tolist()
[1.226, 0.195, 1.226]
"""

from crmkit.adapters.batch.lifetime.ahead import alive, expected
from crmkit.adapters.batch.lifetime.customers import Customers
from crmkit.adapters.batch.lifetime.fitting import ColumnFitter, bg_nbd_of, gamma_gamma_of, pareto_nbd_of

__all__ = ["ColumnFitter", "Customers", "alive", "bg_nbd_of", "expected", "gamma_gamma_of", "pareto_nbd_of"]
