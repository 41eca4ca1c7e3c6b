"""Pictures of duplicate search, of fairness and of reclaims to come as SVG; needs the extra ``charts`` and no network."""

from crmkit.adapters.charts.clusters import cluster_svg
from crmkit.adapters.charts.fairness import fairness_svg
from crmkit.adapters.charts.reclaims import reclaims_svg
from crmkit.adapters.charts.thresholds import threshold_svg
from crmkit.adapters.charts.waterfall import waterfall_svg

__all__ = ["cluster_svg", "fairness_svg", "reclaims_svg", "threshold_svg", "waterfall_svg"]
