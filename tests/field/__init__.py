"""What becomes of two hundred functions of public repositories, drawn before any of them was tried.

`sample.txt` names them, in the order in which they were drawn, with what they are called with; `results.md` says what came of
each. Their code is not here: the commands of `python -m tests.field` take a folder with checkouts of the repositories, each
in OWNER/NAME, at the commits that `repositories.toml` names. The modules import each other and, where they need more, these:
NumPy, SciPy, Numba, pandas, Matplotlib, scikit-learn, SymPy, NetworkX, Astropy, attrs, autograd, asteval, chemicals, colorama,
decorator, derivative, dill, fluids, gym, h5py, joblib, jplephem, lazy_loader, multiprocess, paramz, progressbar2, requests,
scikit-base, sgp4, terminaltables, tqdm and uncertainties. Where a build writes a module that tells the version, there is one.
"""
