"""The method: nets, and what each player minimises. The loop knows nothing more about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from torch import nn

from metaprior.core.batch import Batch
from metaprior.core.player import Player
from metaprior.core.schedule import Scalar
from metaprior.core.step import Step, Term
from metaprior.core.stream import Stream

if TYPE_CHECKING:
    from torch.distributed.device_mesh import DeviceMesh


class Method(nn.Module):
    """Base class of all methods: override :meth:`players`, :meth:`streams` and :meth:`forward`.

    ``hyper`` names the scalars that enter the loss through ``step.hyper`` (constants or schedules); a cohort varies
    them from member to member. ``frozen`` names sub-modules that are neither trained nor saved: a teacher.
    ``cohort`` says that the method is pure tensor code that ``torch.vmap`` can batch over members.
    """

    frozen: ClassVar[tuple[str, ...]] = ()
    cohort: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.hyper: dict[str, Scalar] = {}
        self.config: dict[str, Any] | None = None
        """The ``config.json`` of the run it was loaded from: what rebuilds it elsewhere."""

    def players(self) -> tuple[Player, ...]:
        """Who plays, in the order of their turns."""
        raise TypeError(f"{type(self).__name__} must say who its players are")

    def streams(self) -> dict[str, Stream]:
        """What each turn draws, by name."""
        raise TypeError(f"{type(self).__name__} must say what its streams are")

    def forward(self, player: str, batches: Mapping[str, Batch], step: Step) -> dict[str, Term]:
        """The terms of this player's loss; the loop minimises their weighted sum."""
        raise TypeError(f"{type(self).__name__} must say what {player} minimises")

    def parallelize(self, device: str) -> "DeviceMesh | None":
        """Spread the modules over the processes that train together, in place: FSDP2, tensor parallelism, or both.

        Called once, in every process, before any parameter is looked up. Returns the one-dimensional mesh of
        processes among which each batch is divided; None leaves whole copies, which DDP keeps equal.
        """
        return None

    def after(self, player: str, step: Step) -> None:
        """Called without gradients after each turn's update: codebooks, averaged teachers, natural gradients."""


@dataclass(frozen=True)
class DataSpec:
    """What a recipe must know of the data to build its nets."""

    image_shape: tuple[int, int, int] | None = None
    factor_sizes: tuple[int, ...] = ()
    classes: int = 0
    vocabulary: int = 0
    labelled_factors: tuple[str, ...] = ()
    """Names of the factors that labels tell, in the order in which they are tied to codes."""
    labelled_factor_sizes: tuple[int, ...] = ()
    examples: int | None = None
    """How many examples a finite set holds; None: a world, of which any combination of factors can be drawn."""
    value_shape: tuple[int, ...] | None = None
    """The shape of each example's values, of data that are no images: (13,) of vectors of 13 numbers."""
    factor_names: tuple[str, ...] = ()
    missing_labels: int = 0
    """How many examples have no label, of data where others have one."""
    missing_factors: tuple[int, ...] = ()
    """How many examples lack each factor; empty: none lacks any."""

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """The shape of :attr:`Batch.inputs` without the batch; None: there are neither images nor values."""
        return self.image_shape or self.value_shape


class Recipe(Protocol):
    """A typed, frozen dataclass of a method's choices, which builds it.

    A class variable ``models`` may name choices that are folders of finished runs, a teacher's say: ``build`` is then
    given each run's model as a keyword of that name. When a trained method is only loaded to be used and such a run is
    gone, it is given None; what the method lists in ``frozen`` is not in its file.
    """

    needs_labels: ClassVar[bool]
    """Whether the method reads a second source, named ``labelled``; a class variable ``usual_labels`` may say how many
    labels it takes unless told otherwise."""

    def build(self, data: DataSpec) -> Method:
        """The method with freshly initialised nets, drawn from torch's default generator."""
        ...
