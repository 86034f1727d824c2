"""Dense retrieval with one vector per text: a bi-encoder, and a FAISS index of the documents' vectors.

After DPR (Karpukhin et al., EMNLP 2020, https://arxiv.org/abs/2004.04906) and its multilingual descendant mDPR (Zhang
et al., 2021, https://arxiv.org/abs/2108.08787). The parts: `layout` reads sentence-transformers' files, `recipe` says
how token states become a vector, with `pooling` and `layers`; `presets` knows published encoders, `encoder` turns texts
into vectors, `vectors` keeps and searches them, `train` fits an encoder to pairs, and `system` makes a retrieval system
of it all.
"""
