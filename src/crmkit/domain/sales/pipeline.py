"""A pipeline: the stages an opportunity moves through, each with its probability of winning."""

from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.ids import PipelineId
from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput

__all__ = ["Pipeline", "Stage", "StageKind"]


class StageKind(StrEnum):
    """Whether a stage is on the way, or an end."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@model
class Stage:
    """One stage: its code, label, kind and probability of winning in whole per cent."""

    code: Code
    label: Line = ""
    kind: StageKind = StageKind.OPEN
    probability: int = 0

    def check(self) -> None:
        """A probability lies between 0 and 100."""
        if not 0 <= self.probability <= 100:
            raise InvalidInput("must lie between 0 and 100.", field="Stage.probability", hint="Give whole per cent.")


@model
class Pipeline(Record):
    """Stages in order; there is at least one open, one won and one lost stage, and no code twice."""

    entity: ClassVar[str] = "pipeline"

    id: PipelineId
    name: Line
    stages: tuple[Stage, ...]

    def check(self) -> None:
        """Every kind of stage is there, and no code twice."""
        codes = [stage.code for stage in self.stages]
        if len(set(codes)) < len(codes):
            raise InvalidInput("a code stands twice.", field="Pipeline.stages", hint="Rename one.")
        missing = sorted(set(StageKind) - {stage.kind for stage in self.stages})
        if missing:
            raise InvalidInput(f"no stage is {missing[0]}.", field="Pipeline.stages", hint="Add one.")

    def stage(self, code: str) -> Stage:
        """The stage of that code.

        Raises:
            InvalidInput: there is none; the hint lists those there are.
        """
        for stage in self.stages:
            if stage.code == code:
                return stage
        raise InvalidInput(
            f"{code!r} is not in this pipeline.",
            field="stage",
            hint=f"Choose from: {', '.join(stage.code for stage in self.stages)}.",
        )
