"""A long run of biLM training: what pretrain_bilm.py does around the loss of the course.

settings     how a biLM is trained, and the sizes
shards       a folder of text files as a sequence of texts
batches      which windows a process reads, in which order, and how many
processes    what several processes tell each other
checkpoints  a file that is either the old one or the new one, never half of one
training     the loop: on one processor, one GPU or several
models       a trained model written and read, the softmax with it
reports      the bar, and scalars for TensorBoard
"""
