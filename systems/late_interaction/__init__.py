"""Late interaction: a vector for every token, relevance as the sum of best matches (MaxSim).

After ColBERT (Khattab & Zaharia, SIGIR 2020, https://arxiv.org/abs/2004.12832). The parts: `encoder` turns texts into
token vectors, `token_index` keeps those of documents on disk, `maxsim` scores them exactly, and `system` makes a
retrieval system of the three.
"""
