"""A long run of biLM training: what pretrain_bilm.py does around the loss of the course.

settings     hyperparameters of training, model sizes
shards       a folder of text files as a sequence of texts
batches      the windows of each process, their order and number
processes    collective communication between processes
checkpoints  atomic checkpoints
training     the loop: on one processor, one GPU or several
models       a trained model written and read, with its softmax
reports      progress bar, scalars for TensorBoard
"""
