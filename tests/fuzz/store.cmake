# Fuzz targets of store/.
