"""The bidirectional language model: two LSTM language models that read in opposite directions.

They share the character CNN and the softmax, but no LSTM state: neither has seen the word that it
predicts.

options     hyperparameters
layer       one LSTM layer, in a plain and a fast implementation with equal results
recurrence  the time steps of the fast one, with their gradient
model       both directions
"""

from course_lib.bilm.layer import Layer, State
from course_lib.bilm.model import BiLM, BiLMOutput, Words
from course_lib.bilm.options import BiLMOptions
