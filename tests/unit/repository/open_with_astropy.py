"""Opens the files that formatters_test wrote; any warning of astropy is an error."""
import pathlib
import sys
import warnings

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty
from astropy.table import QTable
from astropy.wcs import WCS

warnings.simplefilter("error")
directory = pathlib.Path(sys.argv[1])
sky = np.degrees([float(v) for v in sys.argv[2:4]])

for path in sorted(directory.glob("*.fits")):
    with fits.open(path, checksum=True) as hdus:
        hdus.verify("exception")
        for hdu in hdus:
            assert "CHECKSUM" in hdu.header and "DATASUM" in hdu.header, (path, hdu.name)
            hdu.data  # decodes it

for name in ("exposure.fits", "compressed.fits"):
    frame = CCDData.read(directory / name, hdu=1, hdu_mask="MASK", hdu_uncertainty="VARIANCE")
    assert frame.unit == u.adu and frame.shape == (30, 40)
    assert isinstance(frame.uncertainty, VarianceUncertainty)
    with fits.open(directory / name) as hdus:
        mask, primary = hdus["MASK"], hdus[0].header
        assert mask.header["MP_SAT"] == 1 and mask.header["MP_DETECTED_NEGATIVE"] == 6
        assert (frame.mask == (mask.data != 0)).all()
        assert primary["LONGTEXT"] == 200 * "l" + "end"
        assert primary["EXPTIME"] == 53.907456 and primary["FLUXMAG0"] == 1.9e11 / 3
        for extension in ("IMAGE", "MASK", "VARIANCE"):
            header = hdus[extension].header
            assert (header["LTV1"], header["LTV2"]) == (-10, -20)
#Pixel(15, 25) of the parent frame is pixel(5, 5) of the file, from 0.
            found = WCS(header).all_pix2world([[5, 5]], 0)[0]
            assert np.abs(found - sky).max() < 1e-10, (found, sky)
        assert hdus["PSF"].header["PSFTYPE"] == "almagest.GaussianPsf/1"
        assert list(hdus["APCORR"].data["name"]) == ["base_GaussianFlux", "base_PsfFlux"]

sources = QTable.read(directory / "src.fits", hdu=1)
assert sources["coord_ra"].unit == u.rad and sources["flux"].unit == u.adu
assert sources["count"].unit == u.pix**2 and sources["flags"].shape == (5, 71)
with fits.open(directory / "src.fits") as hdus:
    assert hdus[1].header["TFLAG2"] == "flag_0" and hdus[1].data["flags"][0, 1]
    assert list(hdus["SPANS"].data["row"]) == [1, 1, 1, 2, 2, 4]
    assert list(hdus["HEAVY"].data["row"]) == [2]
    assert list(hdus["HEAVY"].data["values"][0]) == [np.float32(0.1), 0, np.float32(1e-42)]
