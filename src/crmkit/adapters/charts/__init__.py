"""Pictures of duplicate search, fairness, reclaims to come, scores and simulations as SVG; needs the extra ``charts`` and no network."""

from crmkit.adapters.charts.clusters import cluster_svg
from crmkit.adapters.charts.fairness import fairness_svg
from crmkit.adapters.charts.reclaims import reclaims_svg
from crmkit.adapters.charts.scores import cohorts_svg, lift_svg, reliability_svg, segments_svg
from crmkit.adapters.charts.simulation import simulation_svg
from crmkit.adapters.charts.thresholds import threshold_svg
from crmkit.adapters.charts.waterfall import waterfall_svg

__all__ = [
    "cluster_svg",
    "cohorts_svg",
    "fairness_svg",
    "lift_svg",
    "reclaims_svg",
    "reliability_svg",
    "segments_svg",
    "simulation_svg",
    "threshold_svg",
    "waterfall_svg",
]
