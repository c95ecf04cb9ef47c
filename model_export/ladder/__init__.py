"""The ladder: three ways to name a 64x64 picture, two of them from before 2012.

1. *pixels*: the picture at 16x16 and a linear classifier;
2. *fisher*: gradient histograms and colour statistics of overlapping patches, a mixture of
   Gaussians as the codebook, Fisher vectors, a linear classifier: in the manner of Oxford's
   baseline of 2012, not its code;
3. *alexnet64*, the network of this project.

| module | what |
|---|---|
| `features` | pictures to patches |
| `fisher` | patches to Fisher vectors |
| `rungs` | the two lower rungs as they answer, and their file |
| `training` | fits both; needs scikit-learn, the extra ``ladder`` |

`python -m model_export record ladder` trains, measures and writes what the page "The ladder" shows.
"""
