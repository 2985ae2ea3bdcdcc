"""What leaves the portal on paper: the requisition for radiology and the leaflet for the patient."""
