#Requires -Version 5.1
<#
.SYNOPSIS
    Lets Windows trust the authority that signed the certificate of %%host.
.DESCRIPTION
    Power BI asks Windows whether it trusts a server, and offers an unencrypted connection if not.
    This script compares the SHA-256 of ca.crt with the one that it was made with, then puts the
    certificate among the trusted root authorities: of the machine (as administrator; a gateway
    needs that), or with -CurrentUser of you alone. -Remove takes it out again.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Path = (Join-Path $PSScriptRoot 'ca.crt'),
    [string] $Fingerprint = '%%fingerprint',
    [switch] $CurrentUser,
    [switch] $Remove
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Test-Path -LiteralPath $Path)) {
    throw "There is no $Path. Ask the owner of %%host for the certificate of the authority."
}
if (-not $Fingerprint) {
    throw 'Say -Fingerprint and the SHA-256 that the owner of the server told you.'
}
$certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 $Path
$sha256 = [System.Security.Cryptography.SHA256]::Create()
try {
    $actual = [System.BitConverter]::ToString($sha256.ComputeHash($certificate.RawData)) -replace '-'
} finally {
    $sha256.Dispose()
}
if ($actual -ne ($Fingerprint -replace '[^0-9A-Fa-f]')) {
    throw "$Path is not the certificate that was expected: its SHA-256 is $actual."
}
$location = if ($CurrentUser) { 'CurrentUser' } else { 'LocalMachine' }
$store = New-Object System.Security.Cryptography.X509Certificates.X509Store 'Root', $location
try {
    $store.Open('ReadWrite')
} catch {
    throw 'Run this as administrator, or with -CurrentUser.'
}
try {
    if ($Remove) {
        if ($PSCmdlet.ShouldProcess("$location\Root", "Remove $($certificate.Subject)")) {
            $store.Remove($certificate)
        }
    } elseif ($PSCmdlet.ShouldProcess("$location\Root", "Add $($certificate.Subject)")) {
        $store.Add($certificate)
    }
} finally {
    $store.Close()
}
Write-Host "Done: $location\Root, $($certificate.Subject), valid until $($certificate.NotAfter)."
