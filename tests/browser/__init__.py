"""A folder whose tests share one browser and one JupyterLab: pytest ends them with the folder's last test."""
