"""The derivatives of the library's functions. sct imports this module once the library is imported."""

import kepler
import numpy as np

import sct


@sct.adjoint(kepler.eccentric_anomaly)
def eccentric_anomaly_adjoint(E, mean_anomaly, eccentricity, E_bar):
    """E - e sin E = M: dE = (dM + sin E de) / (1 - e cos E)."""
    M_bar = E_bar / (1.0 - eccentricity * np.cos(E))
    return M_bar, np.sum(M_bar * np.sin(E))


@sct.tangent(kepler.eccentric_anomaly)
def eccentric_anomaly_tangent(E, mean_anomaly, mean_anomaly_dot, eccentricity, eccentricity_dot):
    return (mean_anomaly_dot + np.sin(E) * eccentricity_dot) / (1.0 - eccentricity * np.cos(E))
