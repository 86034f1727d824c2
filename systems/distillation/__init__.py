"""Cross-lingual distillation: a student learns from parallel text to encode tokens as an English teacher does.

After OPTICAL (Huang, Yu & Allan, WSDM 2023, https://arxiv.org/abs/2301.12566): the teacher's token vectors of the
English side are the target, and optimal transport aligns the tokens of the translation with them. The parts: `student`
makes an encoder to train, `transport` solves the transport problems, `losses` holds the four alignment losses,
`trainer` trains, and `distil` goes from files of parallel text to a folder with the student.
"""
