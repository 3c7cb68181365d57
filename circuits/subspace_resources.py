def subspace_resources(*a): raise NotImplementedError
