# Uninstall command of an Intune Win32 app:
#   powershell.exe -NoProfile -ExecutionPolicy Bypass -File uninstall.ps1
# 1605 means that this version is not installed, which is what was asked for.
$ErrorActionPreference = 'Stop'
$arguments = @('/x', '@PRODUCT_CODE@', '/qn', '/norestart')
$process = Start-Process -FilePath "$env:SystemRoot\System32\msiexec.exe" -ArgumentList $arguments -Wait -PassThru
if ($process.ExitCode -eq 1605) { exit 0 }
exit $process.ExitCode
