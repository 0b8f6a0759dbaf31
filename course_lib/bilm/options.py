"""Hyperparameters of a biLM. Symbols: P projection size, H LSTM cell size, L layers."""

from __future__ import annotations

from dataclasses import dataclass, field

from course_lib.charcnn import CharCNNOptions
from course_lib.checks import check_whole_numbers


@dataclass(frozen=True)
class BiLMOptions:
    """Hyperparameters of a biLM; the defaults are the original model's.

    Attributes
    ----------
    characters : CharCNNOptions
        With the same ``projection_dim``.
    dim : int
        H.
    projection_dim : int
        P; if equal to ``dim`` there is no projection.
    n_layers : int
        L.
    cell_clip, proj_clip : float
        Clipping bounds of c and h; 0 means no clipping.
    use_skip_connections : bool
        From the second layer on, add a layer's input to its output.
    """

    characters: CharCNNOptions = field(default_factory=CharCNNOptions)
    dim: int = 4096
    projection_dim: int = 512
    n_layers: int = 2
    cell_clip: float = 3.0
    proj_clip: float = 3.0
    use_skip_connections: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError for inconsistent or impossible values."""
        if self.characters.projection_dim != self.projection_dim:
            raise ValueError(
                f"The character CNN gives {self.characters.projection_dim} numbers a word, the "
                f"LSTM has projection_dim {self.projection_dim}; they must be equal."
            )
        sizes = {"dim": self.dim, "projection_dim": self.projection_dim}
        check_whole_numbers(**sizes, n_layers=self.n_layers)
        for name in ("cell_clip", "proj_clip"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; use 0 for no bound.")
