"""The bidirectional language model: two LSTM language models that read in opposite directions.

They share the character CNN and the softmax; their states never meet. That is what makes it a
language model: the forward one has not seen the word it predicts, nor the backward one.

options  its sizes
layer    one LSTM layer, run in one of three ways that give the same numbers
model    both directions
"""

from course_lib.bilm.layer import Known, Layer, Path, State
from course_lib.bilm.model import BiLM, BiLMOutput
from course_lib.bilm.options import BiLMOptions

__all__ = ["BiLM", "BiLMOptions", "BiLMOutput", "Known", "Layer", "Path", "State"]
