# Fuzz targets of broker/.
