# Detection script of an Intune Win32 app ("Run script as 32-bit process": No). Intune takes the app as installed when
# this ends with 0 and prints something.
$wanted = [version]'@MSI_VERSION@'
$program = Join-Path $env:ProgramFiles 'Clearway\clearway.exe'
if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { exit 1 }
$text = (& $program --version | Out-String)
if ($LASTEXITCODE -ne 0 -or $text -notmatch '(\d+\.\d+\.\d+)') { exit 1 }
if ([version]$Matches[1] -lt $wanted) { exit 1 }
Write-Output "Clearway $($Matches[1])"
exit 0
