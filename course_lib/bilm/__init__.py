"""The bidirectional language model: two LSTM language models that read in opposite directions.

They share the character CNN and the softmax; their states never meet. That is what makes it a
language model: the forward one has not seen the word it predicts, nor the backward one.

options     its sizes
layer       one LSTM layer, and two ways to run it that give the same numbers
recurrence  the steps of the fast one, with their gradient
model       both directions
"""

from course_lib.bilm.layer import Layer, State
from course_lib.bilm.model import BiLM, BiLMOutput, Words
from course_lib.bilm.options import BiLMOptions

__all__ = ["BiLM", "BiLMOptions", "BiLMOutput", "Layer", "State", "Words"]
