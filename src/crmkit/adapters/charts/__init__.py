"""Pictures of duplicate search and of fairness as SVG; needs the extra ``charts`` and no network."""

from crmkit.adapters.charts.clusters import cluster_svg
from crmkit.adapters.charts.fairness import fairness_svg
from crmkit.adapters.charts.thresholds import threshold_svg
from crmkit.adapters.charts.waterfall import waterfall_svg

__all__ = ["cluster_svg", "fairness_svg", "threshold_svg", "waterfall_svg"]
