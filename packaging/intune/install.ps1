# Installation command of an Intune Win32 app, with the .msi beside this file:
#   powershell.exe -NoProfile -ExecutionPolicy Bypass -File install.ps1
# Intune reads the exit code: 0 installed, 3010 and 1641 installed and a restart is due, others failed.
$ErrorActionPreference = 'Stop'
$file = '@MSI_FILE@'
$expected = '@MSI_SHA256@'

$msi = Join-Path $PSScriptRoot $file
if (-not (Test-Path -LiteralPath $msi -PathType Leaf)) {
    Write-Error "$msi is missing: pack it into the .intunewin together with this script" -ErrorAction Continue
    exit 2
}
$found = (Get-FileHash -LiteralPath $msi -Algorithm SHA256).Hash
if ($found -ne $expected) {
    Write-Error "${msi}: SHA-256 is $found, not $expected" -ErrorAction Continue
    exit 13
}
$log = Join-Path $env:ProgramData 'Microsoft\IntuneManagementExtension\Logs\clearway-install.log'
$arguments = @('/i', "`"$msi`"", '/qn', '/norestart', '/l*v', "`"$log`"")
$process = Start-Process -FilePath "$env:SystemRoot\System32\msiexec.exe" -ArgumentList $arguments -Wait -PassThru
exit $process.ExitCode
