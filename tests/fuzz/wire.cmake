# Fuzz targets of wire/.
