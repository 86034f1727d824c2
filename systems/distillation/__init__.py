"""Cross-lingual distillation: a student learns from parallel text to put tokens where an English teacher puts them.

After OPTICAL (Huang, Yu & Allan, WSDM 2023, https://arxiv.org/abs/2301.12566): the teacher's token vectors of the
English side are the target, and optimal transport decides which token of the translation answers for which. The
parts: `bitext` and `bitext_filter` read parallel text and select from it, `student` makes an encoder to train,
`transport` solves the transport problems, `losses` holds the four alignment losses, and `trainer` trains.
"""
